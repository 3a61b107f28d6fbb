import { expect, test } from "vitest";
import { parameter, parameters, withParameters } from "./query";

const url = "https://a.example/p?b=1&a=x+y&a=%e4%bd%a0&flag&c=%zz#part";

test("the table shows what is meant", () => {
  expect(parameters(url).map(({ name, value }) => [name, value])).toEqual([
    ["b", "1"],
    ["a", "x y"],
    ["a", "你"],
    ["flag", ""],
    ["c", "%zz"],
  ]);
  expect(parameters("https://a.example/p")).toEqual([]);
  expect(parameters("https://a.example/p?")).toEqual([]);
});

test("what was not touched keeps every byte", () => {
  expect(withParameters(url, parameters(url))).toBe(url);
  const list = parameters(url);
  list[1] = parameter("a", "ü&=");
  expect(withParameters(url, list)).toBe(
    "https://a.example/p?b=1&a=%C3%BC%26%3D&a=%e4%bd%a0&flag&c=%zz#part",
  );
});

test("a query comes and goes with its parameters", () => {
  expect(withParameters("/p#f", [parameter("a", "1")])).toBe("/p?a=1#f");
  expect(withParameters("/p?a=1#f", [])).toBe("/p#f");
});

test("a placeholder is not encoded, what stands around it is", () => {
  expect(parameter("q", "a b{{name}}c d").raw).toBe("q=a%20b{{name}}c%20d");
  expect(parameters("{{base}}/p?id={{id}}")[0]?.value).toBe("{{id}}");
});
