import assert from "node:assert/strict";
import fc from "fast-check";
import { XMLParser } from "fast-xml-parser";
import { decodeName } from "../../../../verification/vcenter/names";
import {
  at,
  attribute,
  boolean,
  children,
  element,
  ids,
  integer,
  members,
  parseXml,
  ref,
  refElement,
  text,
  xsiType,
  type Xml,
} from "../../../../verification/vcenter/xml";

describe("XML", () => {
  it("gives back every text and attribute that XML can hold", () => {
    const isLegal = (char: string): boolean => char >= " " || "\t\n\r".includes(char);
    const legal = fc.string({ unit: "binary" }).filter((value) => Array.from(value).every(isLegal));
    fc.assert(
      fc.property(legal, legal, (content, name) => {
        const parsed = parseXml(element("root", [element("a", content, { b: name })]));
        assert.equal(text(at(parsed, "root", "a")) ?? "", content);
        assert.equal(attribute(at(parsed, "root", "a"), "b"), name);
      }),
    );
  });

  it("replaces control characters, which XML cannot hold", () => {
    assert.equal(element("a", "x\u0001\u001fy"), "<a>x\ufffd\ufffdy</a>");
  });

  it("decodes named and numeric references once", () => {
    assert.equal(
      text(at(parseXml("<a>&amp;lt; &#10;&#x1F600; &quot;&apos;&gt; &unknown; &#x110000;</a>"), "a")),
      "&lt; \n😀 \"'> &unknown; &#x110000;",
    );
  });

  it("refuses a document type, which could hold entities, and what is not well-formed", () => {
    assert.throws(() => parseXml('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), SyntaxError);
    assert.throws(() => parseXml("<a><b></a>"), SyntaxError);
    for (const bad of [
      "no xml",
      "",
      "<a>",
      "</a>",
      "<a></b>",
      "<a/><b/>",
      "<a/>text",
      "<a b></a>",
      "<a b=c/>",
      '<a b="1" b="2"/>',
      '<a b="<"/>',
      "<a><!-- </a>",
      "<a><![CDATA[ </a>",
      "<1/>",
      "<a",
      "<a:/>",
      "<__proto__/>",
    ]) {
      assert.throws(() => parseXml(bad), SyntaxError, bad);
    }
  });

  it("agrees with an independent parser on any tree", () => {
    const other = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: "@",
      transformTagName: (name) => name.replace(/^.*:/, ""),
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
      processEntities: false,
    });
    const name = fc.constantFrom("a", "b", "n:c", "d-1", "e.x", "_f");
    const content = fc.string({ unit: fc.constantFrom("x", "é", "&amp;", "😀", ">", "'") });
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc
        .tuple(
          name,
          fc.uniqueArray(fc.tuple(fc.constantFrom("p", "x:type", "type"), content), { selector: ([key]) => key }),
          fc.oneof({ depthSize: "small" }, content, fc.array(tie("tree"), { maxLength: 4 })),
          fc.boolean(),
        )
        .map(([tag, attributes, inside, short]) => {
          const head = `${tag}${attributes.map(([key, value]) => ` ${key}="${value}"`).join("")}`;
          const body = Array.isArray(inside) ? inside.join("") : inside;
          return body === "" && short ? `<${head} />` : `<${head}>${body}</${tag}>`;
        }),
    }));
    fc.assert(
      fc.property(tree, (document) => {
        const declared = `<?xml version="1.0" encoding="UTF-8"?>\n${document}`;
        const expected = other.parse(document) as Xml;
        assert.deepEqual(parseXml(declared), expected);
      }),
      { numRuns: 500 },
    );
  });

  it("takes a comment for nothing, and CDATA for text", () => {
    assert.equal(text(at(parseXml("<a>x<!-- <b> -->y<![CDATA[<&]]>z</a>"), "a")), "xy<&z");
  });

  it("reads numbers and booleans, and takes nothing else for one", () => {
    const parsed = parseXml("<r><n>-12</n><t>true</t><f>0</f><x>1.5</x><e/></r>");
    const read = <T>(name: string, as: (node: ReturnType<typeof at>) => T): T => as(at(parsed, "r", name));
    assert.deepEqual(
      [read("n", integer), read("x", integer), read("e", integer), read("none", integer)],
      [-12, undefined, undefined, undefined],
    );
    assert.deepEqual(
      [read("t", boolean), read("f", boolean), read("n", boolean), read("none", boolean)],
      [true, false, undefined, undefined],
    );
  });

  it("tells the type of a value from the type of a reference", () => {
    const value = at(
      parseXml('<val xmlns:xsi="x" xsi:type="vim:ManagedObjectReference" type="Folder">group-1</val>'),
      "val",
    );
    assert.equal(xsiType(value), "ManagedObjectReference");
    assert.deepEqual(ref(value), { type: "Folder", id: "group-1" });
    assert.equal(refElement("obj", { type: "Folder", id: "group-1" }), '<obj type="Folder">group-1</obj>');
  });

  it("reads arrays of one, of many and of none alike", () => {
    const array = (content: string): string[] => {
      const xml = `<val xmlns:xsi="x" xsi:type="ArrayOfManagedObjectReference">${content}</val>`;
      return ids(members(at(parseXml(xml), "val")));
    };
    const item = (id: string): string => `<ManagedObjectReference type="Datastore">${id}</ManagedObjectReference>`;
    assert.deepEqual(array(""), []);
    assert.deepEqual(array(item("a")), ["a"]);
    assert.deepEqual(array(item("a") + item("b")), ["a", "b"]);
    assert.deepEqual(children(undefined, "a"), []);
    assert.deepEqual(children("text", "a"), []);
    assert.deepEqual(members(undefined), []);
  });
});

describe("names in vCenter", () => {
  it("are shown as they were given", () => {
    assert.equal(decodeName("a%2fb%2Fc %25 %5c%5C %41"), "a/b/c % \\\\ %41");
  });
});
