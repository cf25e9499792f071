package device

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// Tidy brings a machine's devices into the order in which vCenter lists them, and lets every controller name the devices
// that are attached to it. The devices are changed in place.
func Tidy(devices []types.BaseVirtualDevice) {
	slices.SortStableFunc(devices, func(a, b types.BaseVirtualDevice) int {
		return cmp.Or(cmp.Compare(kindOf(a, nil).rank, kindOf(b, nil).rank), cmp.Compare(a.GetVirtualDevice().Key, b.GetVirtualDevice().Key))
	})
	attached := map[int32][]int32{}
	for _, d := range devices {
		v := d.GetVirtualDevice()
		attached[v.ControllerKey] = append(attached[v.ControllerKey], v.Key)
	}
	for _, d := range devices {
		if c, ok := d.(types.BaseVirtualController); ok {
			c.GetVirtualController().Device = attached[d.GetVirtualDevice().Key]
		}
	}
}
