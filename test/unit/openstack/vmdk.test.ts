import assert from "node:assert/strict";
import fc from "fast-check";
import { emptyVmdk } from "../../../lab/openstack/vmdk";

const SECTOR = 512;
const GRAIN = 64 * 1024;

describe("an empty stream-optimized disk", () => {
  it("says its capacity in the header, in the footer and in the descriptor", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1 << 20 }), (grains) => {
        const disk = emptyVmdk(grains * GRAIN);
        const sectors = (grains * GRAIN) / SECTOR;
        const footer = disk.length - 2 * SECTOR;
        for (const at of [0, footer]) {
          assert.equal(disk.toString("latin1", at, at + 4), "KDMV");
          assert.equal(disk.readBigUInt64LE(at + 12), BigInt(sectors));
        }
        assert.ok(disk.toString("latin1", SECTOR, 21 * SECTOR).includes(`RW ${sectors} SPARSE`));
      }),
      { numRuns: 30 },
    );
  });

  it("finds its grain directory at the end, with one empty entry a grain table", () => {
    const disk = emptyVmdk(8 * 1024 ** 3);
    const footer = disk.length - 2 * SECTOR;
    assert.equal(disk.readBigUInt64LE(56), 0xffff_ffff_ffff_ffffn);
    const directory = Number(disk.readBigUInt64LE(footer + 56)) * SECTOR;
    const marker = directory - SECTOR;
    assert.equal(disk.readUInt32LE(marker + 12), 2);
    const sectors = Number(disk.readBigUInt64LE(marker));
    // 8 GiB in grains of 64 KiB, 512 a table: 256 entries of 4 octets
    assert.equal(sectors, 2);
    assert.ok(disk.subarray(directory, directory + sectors * SECTOR).every((octet) => octet === 0));
    assert.equal(directory + sectors * SECTOR, footer - SECTOR);
  });

  it("ends with the marker of its end", () => {
    const disk = emptyVmdk(GRAIN);
    assert.ok(disk.subarray(disk.length - SECTOR).every((octet) => octet === 0));
    assert.equal(disk.length % SECTOR, 0);
  });

  for (const size of [0, -GRAIN, 1000, GRAIN + SECTOR, Number.NaN]) {
    it(`fails for a capacity of ${size} bytes`, () => {
      assert.throws(() => emptyVmdk(size), RangeError);
    });
  }
});
