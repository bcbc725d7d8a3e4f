// Chromium as a program: orders come in on stdin, what they come to goes out on stdout, one JSON value a line.
// argv: the folder of the npm packages, the path of Chromium, options of a browser context. An order names a method of
// Playwright's page (dots reach further: keyboard.press) and its arguments; "page" names which of several pages.
const readline = require("node:readline");
const [packages, executablePath, options] = process.argv.slice(2);
const { chromium } = require("node:module").createRequire(`${packages}/`)("playwright-core");

const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
args.push("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP rebound.test 127.0.0.1");

const pages = {};
const complaints = [];

async function page(context, name) {
  if (!pages[name]) {
    pages[name] = await context.newPage();
    pages[name].setDefaultTimeout(20000);
    pages[name].on("pageerror", (error) => complaints.push(String(error)));
  }
  return pages[name];
}

async function obey(context, { page: name = "main", method, args }) {
  if (method === "complaints") return complaints;
  const path = method.split(".");
  let owner = await page(context, name);
  for (const part of path.slice(0, -1)) owner = owner[part];
  const result = await owner[path.at(-1)](...args);
  // Responses and the like are not for the other side.
  return result?.status ? result.status() : ["object", "function"].includes(typeof result) && !Array.isArray(result) ? null : result;
}

async function run() {
  // Chromium has no sandbox for root, as whom tests in containers run; the pages are the tests' own.
  const browser = await chromium.launch({ executablePath, args, chromiumSandbox: process.getuid?.() !== 0 });
  const context = await browser.newContext(JSON.parse(options));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = { result: (await obey(context, JSON.parse(line))) ?? null };
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await browser.close();
}

run();
