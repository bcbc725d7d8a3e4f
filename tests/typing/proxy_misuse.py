"""Wrong handlers of proxy events that mypy and basedpyright must reject. Never run."""

from centripetal.proxy import ConnectEvent, ConnectReply, Handlers, SubscribeEvent, SubscribeReply

Handlers()  # type: ignore[call-arg]

proxy = Handlers(secret="s")


@proxy.connect  # type: ignore[type-var]
def connect(event: ConnectEvent) -> ConnectReply | None:
    return None


@proxy.subscribe("a")  # type: ignore[type-var]
async def enter(event: SubscribeEvent) -> None:
    return None


@proxy.subscribe("b")  # type: ignore[type-var]
async def another(event: SubscribeEvent) -> ConnectReply:
    return ConnectReply("7")


@proxy.subscribe  # type: ignore[arg-type]
def forgotten(event: SubscribeEvent) -> SubscribeReply:
    return SubscribeReply()


ConnectReply()  # type: ignore[call-arg]
ConnectReply("7", expire_at="tomorrow")  # type: ignore[arg-type]
SubscribeReply(override={"presence": True})  # type: ignore[arg-type]
