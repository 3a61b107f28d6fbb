import { expect, test } from "vitest";
import { fileName, media } from "./media";

const of = (type: string, isText = true) => media([["Content-Type", type]], isText);

test("a body is shown as what it is, not as what it says", () => {
  expect(of("application/json; charset=utf-8").shown).toBe("json");
  expect(of("application/problem+json").shown).toBe("json");
  expect(of("image/png", false)).toEqual({ type: "image/png", shown: "image", extension: "png" });
  expect(of("image/png", true).shown).toBe("text");
  expect(of("image/svg+xml").shown).toBe("text");
  expect(media([], false)).toEqual({ type: "", shown: "text", extension: "bin" });
});

test("a saved body has the name that its URL gives it", () => {
  expect(fileName("https://a.example/files/report.csv?x=1", "csv")).toBe("report.csv");
  expect(fileName("https://a.example/api/v2/payins", "json")).toBe("payins.json");
  expect(fileName("https://a.example/", "json")).toBe("answer.json");
  expect(fileName("https://a.example/a%2F..%2Fb", "txt")).toBe("a_2F.._2Fb.txt");
});
