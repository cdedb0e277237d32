// json_node.js - holds what promptic.json made of a text against JSON.parse.
//
// Lines on its input: a text, in hexadecimal, and what its value was encoded as, "-" where the text was refused.
// Exits with 1 and the text at the first disagreement. What is allowed to differ: a byte order mark is skipped, numbers
// out of range and more than 1000 levels are refused.
"use strict";

const text_of = (hex) => Buffer.from(hex, "hex").toString("utf8"); // bytes that are not UTF-8 become U+FFFD

const well_formed = (text) =>
   text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (c) => (c.length === 2 ? c : "\ufffd"));

class Refused extends Error {}
class Unclear extends Error {}

// As promptic.json gives it: without the nulls of objects.
function normal(value, depth) {
   if (depth > 1000) throw new Refused("depth");
   if (typeof value === "string") return well_formed(value);
   if (typeof value === "number" && !Number.isFinite(value)) throw new Refused("range");
   if (Array.isArray(value)) return value.map((element) => normal(element, depth + 1));
   if (value === null || typeof value !== "object") return value;
   const members = new Map();
   for (const key of Object.keys(value)) {
      const member = normal(value[key], depth + 1);
      const name = well_formed(key);
      if (members.has(name)) throw new Unclear(); // two keys become one: which was the last is lost
      members.set(name, member);
   }
   for (const [name, member] of members) if (member === null) members.delete(name);
   return members;
}

function same(a, b) {
   if (a instanceof Map) {
      if (!(b instanceof Map) || a.size !== b.size) return false;
      for (const [name, member] of a) if (!b.has(name) || !same(member, b.get(name))) return false;
      return true;
   }
   if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, i) => same(one, b[i]));
   return Object.is(a, b);
}

// Members that come twice may hide a number out of range, or depth.
const hides = (text) => /[eE]\+?\d{3}|\d{300}/.test(text) || /[[{](?:[^]*?[[{]){1000}/.test(text);

function check(hex, encoded) {
   const text = text_of(hex).replace(/^\ufeff/, "");
   let wanted, problem;
   try {
      wanted = normal(JSON.parse(text), 1);
   } catch (error) {
      if (error instanceof Unclear) return true;
      problem = error;
   }
   if (encoded === "-") return problem !== undefined || hides(text);
   return problem === undefined && same(wanted, normal(JSON.parse(text_of(encoded)), 1));
}

let count = 0;
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
   const [hex, encoded] = line.split(" ");
   count++;
   if (check(hex, encoded)) return;
   console.error(`JSON.parse disagrees: ${hex}\n${JSON.stringify(text_of(hex))}\n${encoded}`);
   process.exit(1);
}).on("close", () => console.log(`JSON.parse agrees on ${count} documents`));
