import { closeSync, openSync, readSync } from "node:fs";

/**
 * Why nova's vCenter driver could not take a disk as a stream-optimized VMDK; undefined when it can.
 * Layout: "Virtual Disk Format 5.0", VMware Inc., "Hosted Sparse Extent Header" and "Stream-Optimized Compressed Sparse
 * Extents".
 *
 * @param head the first bytes of the file, 64 KiB or as many as there are
 */
export function vmdkDefect(head: Buffer): string | undefined {
  const text = head.toString("latin1");
  if (text.startsWith("QFI\xfb")) {
    return "is a qcow2 disk";
  }
  if (text.startsWith("# Disk DescriptorFile")) {
    return "is the descriptor of a VMDK whose data lie in other files";
  }
  if (text.startsWith("COWD")) {
    return "is a VMDK of the old sparse format of ESX";
  }
  if (!text.startsWith("KDMV")) {
    return "is no VMDK: it does not begin with KDMV";
  }
  const type = /createType="([^"]*)"/.exec(text)?.[1];
  // Flags 16 and 17: grains are compressed, and markers tell one from the next.
  const streamed = head.length >= 512 && (head.readUInt32LE(8) & 0x30000) === 0x30000;
  if (type !== "streamOptimized" || !streamed) {
    return `is a VMDK of type ${type ?? "unknown"}, not streamOptimized`;
  }
  return undefined;
}

/** The first bytes of a file, for vmdkDefect; a text that says why they cannot be read. */
export function headOf(path: string): Buffer | string {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(65536);
      return head.subarray(0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
