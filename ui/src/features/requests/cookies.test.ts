import { expect, test } from "vitest";
import { cookies } from "./cookies";

test("each Set-Cookie line is one cookie, its value whole", () => {
  const [first, second, ...more] = cookies(
    [
      ["Set-Cookie", "sid=a=b==; Path=/; Secure; HttpOnly; SameSite=Lax"],
      ["content-type", "text/plain"],
      ["set-cookie", "theme=dark; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
    ],
    true,
  );
  expect(first).toEqual({
    name: "sid",
    value: "a=b==",
    attributes: ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"],
    remarks: [],
  });
  expect(second?.name).toBe("theme");
  expect(second?.attributes).toEqual(["Expires=Wed, 21 Oct 2026 07:28:00 GMT"]);
  expect(second?.remarks).toHaveLength(2);
  expect(more).toEqual([]);
});

test("what browsers drop is said", () => {
  const remarks = (line: string) => cookies([["set-cookie", line]], false)[0]?.remarks.join(" ");
  expect(remarks("a=1; HttpOnly; samesite=none")).toContain("SameSite=None");
  expect(remarks("__Host-a=1; HttpOnly; Secure; Path=/; Domain=x.example")).toContain("__Host-");
  expect(remarks("alone; HttpOnly")).toContain("no name");
});
