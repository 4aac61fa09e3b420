// Drives Chromium for tests/system/browser.py: one JSON array per line on standard input, [verb, arguments...],
// and one JSON object per line on standard output, {"value"} or {"error"}. Ends with its input.
import {createInterface} from "node:readline";
import {createRequire} from "node:module";

const [folder, chromium_path] = process.argv.slice(2);
const {chromium} = createRequire(`${folder}/package.json`)("playwright-core");

const browser = await chromium.launch({executablePath: chromium_path, args: ["--no-sandbox"]});
const context = await browser.newContext({viewport: {width: 1400, height: 1000}, deviceScaleFactor: 1});
const page = await context.newPage();
const seen = {console: [], errors: [], hosts: []};

// What the network does (a daemon that restarts, a refused question) is the network's; the rest is the page's.
page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        seen.console.push(message.text());
});
page.on("pageerror", (error) => seen.errors.push(error.stack ?? error.message));
page.on("request", (request) => {
    const {protocol, host} = new URL(request.url());
    if (protocol !== "data:" && !seen.hosts.includes(host))
        seen.hosts.push(host);
});
await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
});

// Playwright's own waitForFunction evaluates text within the page, which its policy forbids.
async function wait(expression, timeout) {
    const end = performance.now() + timeout;
    for (;;) {
        const value = await page.evaluate(expression);
        if (value)
            return value;
        if (performance.now() > end)
            throw new Error(`not true within ${timeout} ms`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

const verbs = {
    open: (url) => page.goto(url, {waitUntil: "load"}).then(() => null),
    evaluate: (expression) => page.evaluate(expression),
    wait,
    click: (selector) => page.click(selector),
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    fill: (selector, text) => page.fill(selector, text),
    focus: (selector) => page.focus(selector),
    media: (media) => page.emulateMedia(media),
    size: (width, height) => page.setViewportSize({width, height}),
    print: (path) => page.pdf({path, format: "A4", printBackground: true}).then(() => null),
    picture: (path, options) => page.screenshot({path, ...options}).then(() => null),
    tree: (selector) => page.locator(selector).ariaSnapshot(),
    seen: async () => ({...seen, violations: await page.evaluate("globalThis.violations")}),
};

async function answer(line) {
    const [verb, ...words] = JSON.parse(line);
    try {
        return {value: await verbs[verb](...words) ?? null};
    } catch (error) {
        return {error: error.message};
    }
}

process.stdout.write(`${JSON.stringify({value: browser.version()})}\n`);
for await (const line of createInterface({input: process.stdin}))
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
await browser.close();
