"""Prints which privilege each method of the vSphere API asks for, as pyVmomi's description of the API has it.

    pip install pyvmomi==9.1.1.0 && python generate.py > privileges.tsv

Columns: type of managed object, method, the privilege on the object itself (empty where it depends on the arguments or none
is stated), and the privileges on objects that arguments name, as argument=privilege. vSAN and cloud-native storage, which
have endpoints of their own, are left out.
"""

import pyVmomi  # noqa: F401, without it there are no types
from pyVmomi import VmomiSupport, pbm  # noqa: F401, and without this none of storage policies

OTHER_ENDPOINTS = ("Vsan", "VimClusterVsan", "Cns", "DataProtection")


def rows():
    for name in VmomiSupport._managedDefMap:
        if not name.startswith(("vim.", "vmodl.query.", "pbm.")):
            continue
        kind = VmomiSupport.GetVmodlType(name)
        wsdl = VmomiSupport.GetWsdlName(kind)
        if wsdl.startswith(OTHER_ENDPOINTS):
            continue
        for method in kind._GetMethodList():
            arguments = ",".join(f"{p.name}={p.privId}" for p in method.params if p.privId and " " not in p.privId)
            yield wsdl, method.wsdlName, method.privId or "", arguments


for row in sorted(set(rows())):
    print("\t".join(row))
