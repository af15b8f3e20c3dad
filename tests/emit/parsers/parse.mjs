// Parses files by the real parsers: node parse.mjs a.mmd b.dbml
import { readFileSync } from "node:fs";
import { Parser } from "@dbml/core";
import DOMPurify from "dompurify";

// Without a browser mermaid finds no document to clean texts with; parsing needs none.
Object.assign(DOMPurify, { addHook: () => {}, sanitize: (text) => text });
const { default: mermaid } = await import("mermaid");
for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, "utf-8");
  try {
    if (path.endsWith(".dbml")) new Parser().parse(text, "dbmlv2");
    else await mermaid.parse(text);
  } catch (error) {
    console.error(`${path}: ${error.message ?? JSON.stringify(error.diags ?? error)}`);
    process.exitCode = 1;
  }
}
