import * as command from "@pulumi/command";
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { imageProperties } from "./imageProperties";
import type { ImageArgs } from "./openstackArgs";

/** An image in glance, from a disk that is converted before when that is asked for. */
export function createImage(
  prefix: string,
  image: ImageArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): openstack.images.Image {
  const { name, guestOs, file, url, convert } = image;
  const target = `${file ?? ""}.vmdk`;
  const conversion = convert
    ? [
        new command.local.Command(
          `${prefix}-${name}-conversion`,
          {
            create:
              'command -v qemu-img >/dev/null || { echo "qemu-img is missing: install it (Debian: qemu-utils), or convert the image elsewhere" >&2; exit 1; }; ' +
              'qemu-img convert -O vmdk -o subformat=streamOptimized,adapter_type=lsilogic -- "$SOURCE" "$TARGET"',
            delete: 'rm -f -- "$TARGET"',
            environment: { SOURCE: file ?? "", TARGET: target },
            addPreviousOutputInEnv: false,
          },
          opts,
        ),
      ]
    : [];
  return new openstack.images.Image(
    `${prefix}-${name}`,
    {
      name,
      containerFormat: "bare",
      diskFormat: "vmdk",
      ...(file !== undefined && { localFilePath: convert ? target : file }),
      ...(url !== undefined && { imageSourceUrl: url }),
      properties: imageProperties(guestOs),
      visibility: "private",
    },
    { ...opts, dependsOn: [...opts.dependsOn, ...conversion] },
  );
}
