"""nova-compute as a module: python -m vsphere_ha_lab.compute OPTIONS"""
import sys

from nova.cmd import compute

if __name__ == '__main__':
    sys.exit(compute.main())
