import { expect, test } from "vitest";
import { freeName, hostOf, isRequest } from "./looks";

test("a whole request is told from a URL", () => {
  expect(isRequest("curl https://h")).toBe(true);
  expect(isRequest("\n $ curl -X POST \\\n https://h")).toBe(true);
  expect(isRequest("GET /a HTTP/1.1\nHost: h\n")).toBe(true);
  expect(isRequest("https://h/curl x")).toBe(false);
  expect(isRequest("curlew")).toBe(false);
});

test("a name is free, and a name", () => {
  expect(freeName("a", [])).toBe("a");
  expect(freeName("a", ["A", "a-2"])).toBe("a-3");
  expect(freeName("", [])).toBe("imported");
  expect(freeName("a/b", [])).toBe("a-b");
});

test("a URL that is not filled in has no host", () => {
  expect(hostOf("https://api.example.com:8443/a")).toBe("api.example.com");
  expect(hostOf("{{base}}/a")).toBe("");
});
