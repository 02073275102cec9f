import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

test("the module is under 8 KB gzipped", () => {
  const module = readFileSync(new URL("../../../src/client/parley.js", import.meta.url));
  const { length } = gzipSync(module, { level: 9 });
  assert.ok(length < 8 * 1024, `${length} bytes`);
});
