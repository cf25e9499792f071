"""nova-manage beside running services: python -m vsphere_ha_lab.manage OPTIONS"""
import sys

from vsphere_ha_lab import transactions

if __name__ == '__main__':
    transactions.use_immediate_writes()
    from nova.cmd import manage
    sys.exit(manage.main())
