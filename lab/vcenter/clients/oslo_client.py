"""Does with oslo.vmware what nova and cinder do. Prints "ok SENTENCE" for each thing that works, and ends with an error at the first that does not."""

import os

from oslo_vmware import api, exceptions, vim_util


def connect(password=os.environ["VSPHERE_PASSWORD"]):
    return api.VMwareAPISession(
        os.environ["LAB_HOST"], os.environ["LAB_USER"], password, api_retry_count=2, task_poll_interval=0.1,
        port=int(os.environ["LAB_PORT"]), cacert=os.environ["LAB_CA"],
    )


def ok(sentence):
    print("ok", sentence, flush=True)


def log_in():
    try:
        connect("guess")
        raise AssertionError("a wrong password was accepted")
    except exceptions.VimFaultException as error:
        assert "InvalidLogin" in error.fault_list, error.fault_list
    session = connect()
    assert session.is_current_session_active()
    ok("logs in")
    return session


def named(session, kind, name):
    result = session.invoke_api(vim_util, "get_objects", session.vim, kind, 1, ["name"])
    with vim_util.WithRetrieval(session.vim, result) as objects:  # a page of one: it has to come back for more
        return next(o.obj for o in objects if o.propSet[0].val == name)


def walk(session):
    cluster, machine = named(session, "ClusterComputeResource", "ha"), named(session, "VirtualMachine", "vm-1")
    hosts = session.invoke_api(vim_util, "get_object_property", session.vim, cluster, "host").ManagedObjectReference
    host = session.invoke_api(vim_util, "get_object_property", session.vim, machine, "runtime.host")
    assert len(hosts) == 2 and vim_util.get_moref_value(host) in [vim_util.get_moref_value(h) for h in hosts]
    assert vim_util.get_inventory_path(session.vim, machine).endswith("/vm/vm-1"), vim_util.get_inventory_path(session.vim, machine)
    ok("walks the inventory")
    return cluster, machine


def change(session, cluster, machine):
    make = session.vim.client.factory.create
    rule = make("ns0:ClusterRuleSpec")
    rule.operation = "add"
    rule.info = make("ns0:ClusterVmGroup")
    group = make("ns0:ClusterGroupSpec")
    group.operation = "add"
    group.info = make("ns0:ClusterVmGroup")
    group.info.name = "machines"
    group.info.vm = [machine]
    spec = make("ns0:ClusterConfigSpecEx")
    spec.groupSpec = [group]
    spec.dasConfig = make("ns0:ClusterDasConfigInfo")
    spec.dasConfig.hostMonitoring = "disabled"
    task = session.invoke_api(session.vim, "ReconfigureComputeResource_Task", cluster, spec=spec, modify=True)
    session.wait_for_task(task)
    settings = session.invoke_api(vim_util, "get_object_property", session.vim, cluster, "configurationEx")
    assert settings.dasConfig.hostMonitoring == "disabled" and settings.group[0].name == "machines", settings
    ok("changes a cluster")


def follow_events(session, machine):
    make = session.vim.client.factory.create
    wanted = make("ns0:EventFilterSpec")
    wanted.eventTypeId = ["VmPoweredOffEvent"]
    collector = session.invoke_api(session.vim, "CreateCollectorForEvents", session.vim.service_content.eventManager, filter=wanted)
    session.wait_for_task(session.invoke_api(session.vim, "PowerOffVM_Task", machine))
    events = session.invoke_api(session.vim, "ReadNextEvents", collector, maxCount=10)
    assert [e.vm.name for e in events] == ["vm-1"], events
    session.invoke_api(session.vim, "DestroyCollector", collector)
    ok("follows events")


def wait_for_updates(session, machine):
    make = session.vim.client.factory.create
    collector = session.vim.service_content.propertyCollector
    properties = vim_util.build_property_spec(session.vim.client.factory, "VirtualMachine", ["runtime.powerState"])
    objects = vim_util.build_object_spec(session.vim.client.factory, machine, [])
    spec = vim_util.build_property_filter_spec(session.vim.client.factory, [properties], [objects])
    mine = session.invoke_api(session.vim, "CreateFilter", collector, spec=spec, partialUpdates=False)
    options = make("ns0:WaitOptions")
    options.maxWaitSeconds = 30
    update = session.invoke_api(session.vim, "WaitForUpdatesEx", collector, version="", options=options)
    task = session.invoke_api(session.vim, "PowerOnVM_Task", machine)
    state = "poweredOff"
    while state != "poweredOn":
        update = session.invoke_api(session.vim, "WaitForUpdatesEx", collector, version=update.version, options=options)
        assert update, "no update came"
        state = update.filterSet[0].objectSet[-1].changeSet[-1].val
    session.invoke_api(session.vim, "DestroyPropertyFilter", mine)
    assert session.wait_for_task(task).state == "success"
    ok("waits on tasks and property updates")


def come_back(session):
    manager = session.vim.service_content.sessionManager
    admin = connect()
    admin.invoke_api(admin.vim, "TerminateSession", manager, sessionId=[session._session_id])
    assert named(session, "ClusterComputeResource", "ha")
    ok("logs in again after its session ended")


session = log_in()
cluster, machine = walk(session)
change(session, cluster, machine)
follow_events(session, machine)
wait_for_updates(session, machine)
come_back(session)
