/** Certificates and a private key in one text, as many programs write them. */

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

export interface Apart {
  /** The certificates, one after the other; empty if there is none. */
  certificates: string;
  /** The first private key; empty if there is none. */
  privateKey: string;
}

export function takeApart(text: string): Apart {
  const apart: Apart = { certificates: "", privateKey: "" };
  for (const [block, label] of text.matchAll(BLOCK)) {
    if (label === "CERTIFICATE") apart.certificates += `${block}\n`;
    else if (label?.endsWith("PRIVATE KEY")) apart.privateKey ||= `${block}\n`;
  }
  return apart;
}

/** What follows the last `CN=` of a name as it is written, or all of it. */
export function commonName(subject: string): string {
  const parts = subject.split(/, ?/).filter((part) => part.startsWith("CN="));
  return parts.at(-1)?.slice(3) || subject || "no name";
}
