import { expect, test } from "vitest";
import { redirect } from "./redirect";

function at(status: number, location: string | undefined, method = "POST") {
  return redirect({
    status,
    headers: location === undefined ? [] : [["location", location]],
    sent: { method, url: "https://a.example/one/two?x=1", headers: [], body_bytes: 0 },
  });
}

test("a location is read from where the request went", () => {
  expect(at(307, "../three")?.url).toBe("https://a.example/three");
  expect(at(307, "?y=2")?.url).toBe("https://a.example/one/two?y=2");
  expect(at(200, "/x")).toBeUndefined();
  expect(at(302, undefined)).toBeUndefined();
  expect(at(302, "https://[")).toBeUndefined();
});

test("the method goes on as RFC 9110 has it", () => {
  expect(at(303, "/x", "PUT")?.method).toBe("GET");
  expect(at(302, "/x", "POST")?.method).toBe("GET");
  expect(at(302, "/x", "PUT")?.method).toBe("PUT");
  expect(at(308, "/x", "POST")?.method).toBe("POST");
  expect(at(303, "/x", "HEAD")?.method).toBe("HEAD");
});

test("what is different there is said", () => {
  expect(at(307, "https://b.example/")?.remarks.join(" ")).toContain("another host");
  expect(at(307, "http://a.example/")?.remarks.join(" ")).toContain("leaves HTTPS");
  expect(at(302, "/x")?.remarks.join(" ")).toContain("POST becomes GET");
  expect(at(307, "/one/two?x=1")?.remarks).toEqual(["It leads to itself."]);
  expect(at(307, "/x")?.remarks).toEqual([]);
});
