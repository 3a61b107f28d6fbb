import { expect, test } from "vitest";
import { commonName, takeApart } from "./pem";

const block = (label: string, inner: string) =>
  `-----BEGIN ${label}-----\n${inner}\n-----END ${label}-----`;

test("a text with both is taken apart", () => {
  const text = [
    "Bag Attributes",
    block("CERTIFICATE", "QQ=="),
    block("RSA PRIVATE KEY", "Qg=="),
    block("CERTIFICATE", "Qw=="),
    "-----BEGIN CERTIFICATE-----\nRA",
  ].join("\n");
  expect(takeApart(text)).toEqual({
    certificates: `${block("CERTIFICATE", "QQ==")}\n${block("CERTIFICATE", "Qw==")}\n`,
    privateKey: `${block("RSA PRIVATE KEY", "Qg==")}\n`,
  });
  expect(takeApart("hello")).toEqual({ certificates: "", privateKey: "" });
});

test("a name is called by its common name", () => {
  expect(commonName("C=AU, O=Acme, CN=partner-acme")).toBe("partner-acme");
  expect(commonName("O=Acme")).toBe("O=Acme");
  expect(commonName("")).toBe("no name");
});
