/**
 * An empty virtual disk as a stream-optimized VMDK, the format in which nova's vCenter driver takes images: header,
 * descriptor, an empty grain directory, footer. Layout: "Virtual Disk Format 5.0", VMware Inc., chapter "Stream-Optimized
 * Compressed Sparse Extents".
 */
const SECTOR = 512;
const GRAIN_SECTORS = 128;
const TABLE_ENTRIES = 512;
const DESCRIPTOR_SECTORS = 20;
const OVERHEAD_SECTORS = 128;
const GD_AT_END = 0xffff_ffff_ffff_ffffn;

const Marker = { endOfStream: 0, grainDirectory: 2, footer: 3 } as const;

/**
 * @param capacityBytes size that a guest sees; a multiple of 64 KiB
 * @param adapter disk controller that the descriptor names
 */
export function emptyVmdk(capacityBytes: number, adapter: "lsilogic" | "ide" = "lsilogic"): Buffer {
  const capacity = capacityBytes / SECTOR;
  if (!Number.isSafeInteger(capacity / GRAIN_SECTORS) || capacity <= 0) {
    throw new RangeError(`a disk of ${capacityBytes} bytes: must be a positive multiple of ${GRAIN_SECTORS * SECTOR}`);
  }
  const directory = Buffer.alloc(sectorsFor(Math.ceil(capacity / (GRAIN_SECTORS * TABLE_ENTRIES)) * 4) * SECTOR);
  const directoryAt = BigInt(OVERHEAD_SECTORS + 1);
  const head = Buffer.alloc(OVERHEAD_SECTORS * SECTOR);
  header(capacity, GD_AT_END).copy(head);
  head.write(descriptor(capacity, adapter), SECTOR, "latin1");
  return Buffer.concat([
    head,
    marker(Marker.grainDirectory, directory.length / SECTOR),
    directory,
    marker(Marker.footer, 1),
    header(capacity, directoryAt),
    marker(Marker.endOfStream, 0),
  ]);
}

function sectorsFor(bytes: number): number {
  return Math.ceil(bytes / SECTOR);
}

function header(capacity: number, directoryAt: bigint): Buffer {
  const b = Buffer.alloc(SECTOR);
  b.write("KDMV", 0, "latin1");
  b.writeUInt32LE(3, 4); // version
  b.writeUInt32LE(0x30001, 8); // flags: valid newline test, compressed grains, markers
  b.writeBigUInt64LE(BigInt(capacity), 12);
  b.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  b.writeBigUInt64LE(1n, 28); // descriptor's sector
  b.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  b.writeUInt32LE(TABLE_ENTRIES, 44);
  b.writeBigUInt64LE(0n, 48); // no redundant grain directory
  b.writeBigUInt64LE(directoryAt, 56);
  b.writeBigUInt64LE(BigInt(OVERHEAD_SECTORS), 64);
  b.write("\n \r\n", 73, "latin1"); // newline test
  b.writeUInt16LE(1, 77); // deflate
  return b;
}

function marker(type: number, sectors: number): Buffer {
  const b = Buffer.alloc(SECTOR);
  b.writeBigUInt64LE(BigInt(sectors), 0);
  b.writeUInt32LE(type, 12);
  return b;
}

function descriptor(capacity: number, adapter: string): string {
  const [heads, sectors] = adapter === "ide" ? [16, 63] : [255, 63];
  return `# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW ${capacity} SPARSE "disk.vmdk"

# The Disk Data Base
ddb.virtualHWVersion = "8"
ddb.adapterType = "${adapter}"
ddb.geometry.cylinders = "${Math.min(65535, Math.floor(capacity / (heads * sectors)))}"
ddb.geometry.heads = "${heads}"
ddb.geometry.sectors = "${sectors}"
`;
}
