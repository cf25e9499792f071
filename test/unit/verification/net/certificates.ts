import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for 127.0.0.1 by a CA of its own, made for one test run. */
export interface Certificates {
  caFile: string;
  cert: string;
  key: string;
  sha256: string;
  sha1: string;
  remove(): void;
}

export function makeCertificates(subjectAltName = "IP:127.0.0.1"): Certificates {
  const dir = mkdtempSync(join(tmpdir(), "vsphere-ha-tls-"));
  const file = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA");
  openssl("req", ...newKey, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=test server");
  writeFileSync(file("extensions"), `subjectAltName=${subjectAltName}\n`);
  const signed = ["-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", ...signed, "-extfile", "extensions", "-out", "server.pem");
  const cert = readFileSync(file("server.pem"), "utf8");
  const { fingerprint, fingerprint256 } = new X509Certificate(cert);
  return {
    caFile: file("ca.pem"),
    cert,
    key: readFileSync(file("server.key"), "utf8"),
    sha1: fingerprint,
    sha256: fingerprint256,
    remove: () => {
      rmSync(dir, { recursive: true });
    },
  };
}

let shared: Certificates | undefined;

/** The same for all tests of this process that do not ask for more: they take a while to make. */
export function sharedCertificates(): Certificates {
  if (shared !== undefined) return shared;
  const made = makeCertificates();
  process.once("exit", () => {
    made.remove();
  });
  return (shared = made);
}
