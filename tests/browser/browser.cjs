// Chromium as a program that reads commands from stdin and writes results to stdout, one JSON value per line.
// argv: the folder of the npm packages, the path of Chromium. A command has a method of Playwright's page (or of its
// attributes: keyboard.press), its arguments, the name of a page in "page", and the name of its context in "context".
// "newContext" makes a context with the options in its argument; "closeContext" closes it and returns its script errors.
const readline = require("node:readline");
const [packages, executablePath] = process.argv.slice(2);
const { chromium } = require("node:module").createRequire(`${packages}/`)("playwright-core");

const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
args.push("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP rebound.test 127.0.0.1");

const contexts = {};

async function page({ context, pages, complaints }, name) {
  if (!pages[name]) {
    pages[name] = await context.newPage();
    pages[name].setDefaultTimeout(20000);
    pages[name].on("pageerror", (error) => complaints.push(String(error)));
  }
  return pages[name];
}

async function obey(browser, { context: name, page: pageName, method, args }) {
  if (method === "newContext") {
    contexts[name] = { context: await browser.newContext(...args), pages: {}, complaints: [] };
    return null;
  }
  const opened = contexts[name];
  if (method === "closeContext") {
    delete contexts[name];
    await opened.context.close();
    return opened.complaints;
  }
  const path = method.split(".");
  let owner = await page(opened, pageName);
  for (const part of path.slice(0, -1)) owner = owner[part];
  const result = await owner[path.at(-1)](...args);
  // Responses and similar objects cannot be serialized.
  return result?.status ? result.status() : ["object", "function"].includes(typeof result) && !Array.isArray(result) ? null : result;
}

async function run() {
  // Tests in containers run as root, for which Chromium has no sandbox; the pages come from the tests.
  const browser = await chromium.launch({ executablePath, args, chromiumSandbox: process.getuid?.() !== 0 });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = { result: (await obey(browser, JSON.parse(line))) ?? null };
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await browser.close();
}

run();
