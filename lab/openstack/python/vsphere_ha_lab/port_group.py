"""ML2 mechanism driver: a port is bound to the vSphere port group of its network.

That is the distributed port group named by a flat network's physical network, and the port group named by the network's
id for a local network: on a standard switch nova's vCenter driver looks for no other name (nova/network/neutron.py,
VIF_TYPE_DVS).
"""
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api


class PortGroupMechanismDriver(api.MechanismDriver):

    def initialize(self):
        pass

    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context):
        if context.current[portbindings.VNIC_TYPE] != portbindings.VNIC_NORMAL:
            return
        for segment in context.segments_to_bind:
            port_group = segment[api.PHYSICAL_NETWORK] or context.current['network_id']
            details = {portbindings.CAP_PORT_FILTER: False, 'dvs_port_group_name': port_group}
            # There is no agent to wait for: the port is active as soon as it is bound.
            context.set_binding(segment[api.ID], 'dvs', details, status=constants.PORT_STATUS_ACTIVE)
            return
