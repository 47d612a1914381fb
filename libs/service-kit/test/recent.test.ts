import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRecent } from "../src/index.js";

test("keeps the last of many, newest first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 8 }), (items, most) => {
      const recent = createRecent<number>(most);
      for (const item of items) recent.add(item);
      assert.deepEqual(recent.newestFirst(), items.slice(-most).reverse());
    }),
  );
});
