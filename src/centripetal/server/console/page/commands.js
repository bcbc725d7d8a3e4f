// The text of commands for Python and for the shell. The values come from channels, so each is quoted.
import { exact } from "./dom.js";

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu; // could hide or reorder what a person pastes
const NOT_ASCII = /[^\x20-\x7e]/gu;
const DEEPEST = 50; // levels; Python limits nested brackets

const hex = (code, digits) => code.toString(16).padStart(digits, "0");
const units = (text) => [...Array(text.length).keys()].map((place) => `\\u${hex(text.charCodeAt(place), 4)}`).join("");
const wide = (character) => (character.length > 1 ? `\\U${hex(character.codePointAt(0), 8)}` : units(character));

/** Return JSON on one line, with invisible characters as escapes. */
const oneLine = (json) => json.trim().replace(/[\r\n\t]+/g, " ").replace(INVISIBLE, units);

// ---- Python

export const pythonText = (text) => JSON.stringify(text).replace(INVISIBLE, wide);

function literal(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return pythonText(value);
  if (typeof value === "number") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value).map(([name, part]) => `${pythonText(name)}: ${literal(part)}`).join(", ")}}`;
}

const depth = (value) => (value && typeof value === "object" ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0);

/** Return an expression whose value the client sends as exactly this JSON. */
function expression(json) {
  const parsed = exact(json);
  if (parsed && depth(parsed.value) <= DEEPEST) return literal(parsed.value);
  return `msgspec.Raw(b${JSON.stringify(oneLine(json).replace(NOT_ASCII, units))})`;
}

// ---- the shell

export function shellWord(text) {
  if (/^[\w:./-]+$/.test(text) && !/[^\x20-\x7e]/.test(text)) return text;
  if (text.search(INVISIBLE) < 0) return `'${text.replaceAll("'", `'"'"'`)}'`;
  return `$'${text.replace(/[\\']/g, "\\$&").replace(INVISIBLE, wide)}'`;
}

function words(verb, positional, options = []) {
  const separator = positional.some((word) => word.startsWith("-")) ? ["--"] : [];
  return ["centripetal", verb, ...options, ...separator, ...positional].map(shellWord).join(" ");
}

// ---- commands

/** Return a command as one line of Python and one line for the shell. Both read the address and key from variables. */
export function command(generation, method, { channel = "", data, tags = {} } = {}) {
  const current = generation === "6";
  const named = Object.keys(tags);
  const args = channel ? [pythonText(channel)] : [];
  if (data !== undefined) args.push(expression(data));
  if (current && method === "history") args.push("limit=10");
  if (named.length) args.push(`tags=${literal(tags)}`);
  const unusual = current && channel.search(NOT_ASCII) >= 0; // the client's check of names would refuse it
  // The client of 1.x takes the address and the secret as arguments only.
  const made = current
    ? `Client.from_env(${unusual && data !== undefined ? "check_channels=False" : ""})`
    : 'Client(os.environ["CENTRIFUGO_API_URL"], os.environ["CENTRIFUGO_SECRET"])';
  const call = `${made}.${method}(${args.join(", ")})`;
  const modules = [...(current ? [] : ["os"]), ...(call.includes("msgspec.Raw") ? ["msgspec"] : [])];
  const imports = modules.length ? `import ${modules.join(", ")}; ` : "";
  const python = `${imports}from centripetal${current ? "" : ".v1"} import Client; ${data === undefined ? `print(${call})` : call}`;
  return { python, shell: shell() };

  function shell() {
    if (unusual) {
      const fields = [`"channel": ${JSON.stringify(channel).replace(INVISIBLE, units)}`];
      if (data !== undefined) fields.push(`"data": ${oneLine(data)}`);
      if (method === "history") fields.push('"limit": 10');
      if (named.length) fields.push(`"tags": ${oneLine(JSON.stringify(tags))}`);
      return words("call", [method, `{${fields.join(", ")}}`]);
    }
    const options = named.flatMap((name) => ["--tags", `${name}=${tags[name]}`]);
    if (current && method === "history") options.push("--limit", "10");
    const positional = channel ? [channel] : [];
    if (data !== undefined) positional.push(oneLine(data));
    return words(method, positional, options);
  }
}
