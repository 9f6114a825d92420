// Bundles the page and writes it as dist/template.html and as dist/template.sql, the statement that installs it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const read = (...path) => readFileSync(join(root, ...path), "utf8");

const bundled = await build({
  entryPoints: [join(root, "src/main.js")], bundle: true, minify: true, format: "iife", target: "es2022", charset: "ascii", legalComments: "none", write: false,
});
const style = await build({ entryPoints: [join(root, "src/style.css")], minify: true, charset: "ascii", write: false });
const script = bundled.outputFiles[0].text.trim();

// An HTML comment ends at the first -->, and may not hold two hyphens in a row.
const ascii = (text) => text.replaceAll("--", "- -").replace(/[^\n\x20-\x7e]/g, "?").trim();
const licences = [["echarts", "LICENSE"], ["echarts", "NOTICE"], ["zrender", "LICENSE"], ["tslib", "LICENSE.txt"]]
  .map(([name, file]) => `${name} ${JSON.parse(read("node_modules", name, "package.json")).version}, ${file}\n\n${ascii(read("node_modules", name, file))}`)
  .join("\n\n");

const page = Object.entries({
  "script-hash": `sha256-${createHash("sha256").update(script).digest("base64")}`, style: style.outputFiles[0].text.trim(), licences, script,
}).reduce((text, [name, value]) => text.replace(`{{${name}}}`, () => value), read("src/template.html"));

const quote = "$ecom_report$";
const mark = '{"ecom":"data"}';
for (const [name, isBroken] of Object.entries({
  "the script ends its element": /<\/script|<!--/i.test(script),
  "the quote of the SQL script is in the page": page.includes(quote),
  "a substitution of extension scripts is in the page": /MODULE_PATHNAME|@ext(schema|owner)/.test(page),
  "the mark of the data is not there once": page.split(mark).length !== 2,
  "the page is not ASCII": /[^\n\x20-\x7e]/.test(page),
})) {
  if (isBroken) throw new Error(`report: ${name}`);
}

mkdirSync(join(root, "dist"), { recursive: true });
writeFileSync(join(root, "dist/template.html"), page);
writeFileSync(join(root, "dist/template.sql"), `-- The page that ecom.report_html fills; made by report/build.mjs.
insert into ecom_internal.report_template (html) values (${quote}${page}${quote})
on conflict (is_only) do update set html = excluded.html;
`);
