"""ML2 mechanism driver: a port of a flat network is bound to the vSphere port group named by its physical network.

nova's vCenter driver plugs VIF type "dvs" and takes the port group's name from the binding's details.
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
            details = {portbindings.CAP_PORT_FILTER: False,
                       'dvs_port_group_name': segment[api.PHYSICAL_NETWORK]}
            # There is no agent to wait for: the port is active as soon as it is bound.
            context.set_binding(segment[api.ID], 'dvs', details, status=constants.PORT_STATUS_ACTIVE)
            return
