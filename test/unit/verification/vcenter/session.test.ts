import assert from "node:assert/strict";
import { CouldNotRun } from "../../../../verification/problems";
import { TransportError } from "../../../../verification/net/https";
import { Session } from "../../../../verification/vcenter/session";
import { SoapClient, SoapFault } from "../../../../verification/vcenter/soap";
import { element, text, at } from "../../../../verification/vcenter/xml";
import { FakeVcenter, fault, serviceContent } from "./fakeVcenter";

const root = { type: "ServiceInstance", id: "ServiceInstance" };

function says(pattern: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof CouldNotRun, String(error));
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  };
}

describe("vCenter session", () => {
  it("logs in, tells what vCenter says about itself, and logs out", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    assert.deepEqual(session.service.about, {
      fullName: "VMware vCenter Server 8.0.3 build-1",
      version: "8.0.3",
      instanceUuid: "uuid-vc",
      simulated: false,
    });
    await session.close();
    assert.deepEqual(vcenter.calls, ["RetrieveServiceContent", "Login", "Logout"]);
  });

  it("knows a simulated vCenter by its about data", async () => {
    const vcenter = new FakeVcenter();
    vcenter.on("RetrieveServiceContent", () => serviceContent({ fullName: "vCenter 8 (simulated by a lab)" }));
    assert.equal((await vcenter.open()).service.about.simulated, true);
  });

  it("escapes user and password", async () => {
    const vcenter = new FakeVcenter();
    vcenter.password = `<&"'>\n]]>`;
    const credentials = { user: "a<b>&c", password: vcenter.password };
    await Session.open(new SoapClient(vcenter, "vc.example.com"), credentials);
    assert.equal(vcenter.logins, 1);
    assert.match(vcenter.bodies[1] ?? "", /<userName>a&#60;b&#62;&#38;c<\/userName>/);
  });

  it("names a wrong password, and does not show it", async () => {
    const vcenter = new FakeVcenter();
    vcenter.password = "another";
    await assert.rejects(
      vcenter.open(),
      says(
        /^vCenter vc\.example\.com refuses the login of reader: wrong user name or password \(InvalidLogin\); check VSPHERE_PASSWORD/,
      ),
    );
    assert.equal(vcenter.calls.filter((call) => call === "Login").length, 1);
  });

  it("names an ESXi host that is taken for a vCenter", async () => {
    const vcenter = new FakeVcenter();
    vcenter.on("RetrieveServiceContent", () => serviceContent({ apiType: "HostAgent" }));
    await assert.rejects(vcenter.open(), says(/^vc\.example\.com is an ESXi host, not a vCenter; set vcenter\.server/));
  });

  it("names a web server that is no vCenter", async () => {
    for (const text of ["<html><body>Welcome</body></html>", "not found", ""]) {
      const vcenter = new FakeVcenter();
      vcenter.on("RetrieveServiceContent", () => ({ status: 404, text }));
      await assert.rejects(
        vcenter.open(),
        says(
          /^vc\.example\.com \(RetrieveServiceContent\) answers HTTP 404, and not as a vCenter does; check vcenter\.server/,
        ),
      );
      assert.equal(vcenter.calls.length, 1);
    }
  });

  it("names a vCenter that answers HTTP 500 without a fault, after three tries of a read", async () => {
    const vcenter = new FakeVcenter();
    vcenter.on("RetrieveServiceContent", () => ({ status: 503, text: "starting" }));
    await assert.rejects(
      vcenter.open(),
      says(
        /^vCenter vc\.example\.com \(RetrieveServiceContent\) answers HTTP 503 without a reason; it may be starting/,
      ),
    );
    assert.equal(vcenter.calls.length, 3);
  });

  it("repeats a read that broke, and only a read", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    const broken = new TransportError("broken", "interrupted");
    vcenter.on("CurrentTime", (_, count) => {
      if (count < 3) throw broken;
      return element("returnval", "now");
    });
    assert.equal(text(at(await session.read("CurrentTime", root), "returnval")), "now");
    vcenter.on("CreateFolder", () => {
      throw broken;
    });
    await assert.rejects(session.call("CreateFolder", root), broken);
    assert.equal(vcenter.calls.filter((call) => call === "CreateFolder").length, 1);
  });

  it("does not repeat what timed out or was refused", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    for (const failure of ["timeout", "refused", "dns", "certificate"] as const) {
      vcenter.calls.length = 0;
      vcenter.on("CurrentTime", () => {
        throw new TransportError("no", failure);
      });
      await assert.rejects(session.read("CurrentTime", root), /no/);
      assert.deepEqual(vcenter.calls, ["CurrentTime"]);
    }
  });

  it("logs in again once when the session has expired, also for calls at the same time", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("CurrentTime", () => element("returnval", "now"));
    vcenter.expireSession();
    await Promise.all([1, 2, 3].map(() => session.read("CurrentTime", root)));
    assert.equal(vcenter.logins, 2);
  });

  it("gives up when the new session is refused too", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("CurrentTime", () => fault("NotAuthenticated", "The session is not authenticated."));
    await assert.rejects(session.read("CurrentTime", root), (error) => {
      assert.ok(error instanceof SoapFault);
      assert.equal(error.fault, "NotAuthenticated");
      return true;
    });
    assert.equal(vcenter.logins, 2);
  });

  it("turns a fault into an error with its name, vCenter's words, the server and the call", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("CreateFolder", () => fault("NoPermission", "Permission &#x27;Folder.Create&#x27; was denied.\n"));
    await assert.rejects(session.call("CreateFolder", root), (error) => {
      assert.ok(error instanceof SoapFault);
      assert.equal(error.fault, "NoPermission");
      assert.equal(
        error.message,
        "vCenter vc.example.com (CreateFolder): Permission 'Folder.Create' was denied. (NoPermission)",
      );
      return true;
    });
  });

  it("names the privilege that the user lacks, the object and the call", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    const inner = '<object type="Folder">group-v3</object><privilegeId>Folder.Create</privilegeId>';
    vcenter.on("CreateFolder", () => fault("NoPermission", "Permission to perform this operation was denied.", inner));
    await assert.rejects(session.call("CreateFolder", root), {
      message:
        "vCenter vc.example.com (CreateFolder): the user lacks the privilege Folder.Create on Folder group-v3; " +
        "add it to the user's role there, see docs/privileges.md (NoPermission)",
    });
  });

  it("logs out without complaint when vCenter is gone", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("Logout", () => {
      throw new TransportError("gone", "refused");
    });
    await session.close();
  });
});
