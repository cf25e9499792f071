"""Does with pyVmomi what its users do. Prints "ok SENTENCE" for each thing that works, and ends with an error at the first that does not."""

import os
import ssl

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl


def connect(password=os.environ["VSPHERE_PASSWORD"]):
    context = ssl.create_default_context(cafile=os.environ["LAB_CA"])
    return SmartConnect(
        host=os.environ["LAB_HOST"], port=int(os.environ["LAB_PORT"]), user=os.environ["LAB_USER"], pwd=password, sslContext=context
    )


def ok(sentence):
    print("ok", sentence, flush=True)


def view(content, *kinds):
    found = content.viewManager.CreateContainerView(content.rootFolder, list(kinds), True)
    try:
        return list(found.view)
    finally:
        found.Destroy()


def log_in():
    try:
        connect("guess")
        raise AssertionError("a wrong password was accepted")
    except vim.fault.InvalidLogin:
        pass
    service = connect()
    assert service.content.about.apiType == "VirtualCenter"
    assert service.content.sessionManager.currentSession.userName == os.environ["LAB_USER"]
    ok("logs in")
    return service


def read_everything(content):
    """Reads every property of every object by its accessor: getattr would hide why a value cannot be read."""
    unreadable = []
    for entity in view(content, vim.ManagedEntity):
        for known in entity._GetPropertyList():
            try:
                entity._stub.InvokeAccessor(entity, known)
            except (vmodl.query.InvalidProperty, vmodl.fault.MethodNotFound):
                continue  # one of a newer API than the lab's
            except Exception as problem:
                unreadable.append(f"{type(entity).__name__}.{known.name}: {problem}")
    assert not unreadable, "\n".join(sorted(set(unreadable)))
    ok("reads every property of every object")


def walk(content):
    cluster = view(content, vim.ClusterComputeResource)[0]
    assert cluster.name == "ha" and len(cluster.host) == 2, cluster.name
    assert {h.parent for h in view(content, vim.HostSystem)} >= {cluster}
    machine = next(vm for vm in view(content, vim.VirtualMachine) if vm.name == "vm-1")
    assert machine.runtime.host in cluster.host and machine.resourcePool.owner == cluster
    assert machine.config.hardware.memoryMB == 1024 and machine.datastore[0].name == "nfs-a"
    datacenter = content.rootFolder.childEntity[0]
    found = content.searchIndex.FindByInventoryPath(f"{datacenter.name}/vm/vm-1")
    assert found == machine, found
    ok("walks the inventory")
    return cluster, machine


def change(cluster, machine):
    spec = vim.cluster.ConfigSpecEx(
        dasConfig=vim.cluster.DasConfigInfo(
            admissionControlPolicy=vim.cluster.FailoverResourcesAdmissionControlPolicy(
                cpuFailoverResourcesPercent=40, memoryFailoverResourcesPercent=30, autoComputePercentages=False
            )
        ),
        dasVmConfigSpec=[
            vim.cluster.DasVmConfigSpec(
                operation="add", info=vim.cluster.DasVmConfigInfo(key=machine, dasSettings=vim.cluster.DasVmSettings(restartPriority="high"))
            )
        ],
    )
    WaitForTask(cluster.ReconfigureComputeResource_Task(spec, True))
    settings = cluster.configurationEx
    assert settings.dasConfig.admissionControlPolicy.cpuFailoverResourcesPercent == 40
    assert settings.dasVmConfig[0].key == machine and settings.dasVmConfig[0].dasSettings.restartPriority == "high"
    try:
        WaitForTask(cluster.ReconfigureComputeResource_Task(spec, True))
        raise AssertionError("an override was added twice")
    except vmodl.fault.InvalidArgument:
        pass
    ok("changes a cluster")


def follow_events(content, machine):
    wanted = vim.event.EventFilterSpec(
        entity=vim.event.EventFilterSpec.ByEntity(entity=machine, recursion="self"), eventTypeId=["VmPoweredOffEvent", "VmPoweredOnEvent"]
    )
    collector = content.eventManager.CreateCollectorForEvents(wanted)
    seen = []
    while True:
        page = collector.ReadNextEvents(10)
        if not page:
            break
        seen += page
    assert [type(e) for e in seen] == [vim.event.VmPoweredOnEvent], seen
    WaitForTask(machine.PowerOffVM_Task())
    new = collector.ReadNextEvents(10)
    assert [type(e) for e in new] == [vim.event.VmPoweredOffEvent] and new[0].vm.name == "vm-1", new
    assert collector.latestPage[0].key == new[0].key
    collector.DestroyCollector()
    ok("follows events")


def wait_for_updates(service, machine):
    pc = service.content.propertyCollector
    spec = vmodl.query.PropertyCollector
    collector_filter = pc.CreateFilter(
        spec.FilterSpec(
            objectSet=[spec.ObjectSpec(obj=machine)],
            propSet=[spec.PropertySpec(type=vim.VirtualMachine, pathSet=["runtime.powerState"])],
        ),
        True,
    )
    first = pc.WaitForUpdatesEx("", spec.WaitOptions(maxWaitSeconds=10))
    assert first.filterSet[0].objectSet[0].changeSet[0].val == "poweredOff", first
    task = machine.PowerOnVM_Task()
    version, state = first.version, None
    while state != "poweredOn":
        update = pc.WaitForUpdatesEx(version, spec.WaitOptions(maxWaitSeconds=30))
        assert update, "no update came"
        version = update.version
        state = update.filterSet[0].objectSet[-1].changeSet[-1].val
    collector_filter.Destroy()
    WaitForTask(task)
    assert task.info.state == "success" and task.info.entity == machine
    ok("waits on tasks and property updates")


def log_out(service, machine):
    Disconnect(service)
    try:
        machine.name
        raise AssertionError("it reads without a session")
    except vim.fault.NotAuthenticated:
        ok("is shut out after it logged out")


service = log_in()
read_everything(service.content)
cluster, machine = walk(service.content)
change(cluster, machine)
follow_events(service.content, machine)
wait_for_updates(service, machine)
log_out(service, machine)
