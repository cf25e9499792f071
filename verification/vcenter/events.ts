import type { VcEvent } from "../model";
import type { Session } from "./session";
import { at, children, element, integer, ref, refElement, text, textAt, xsiType, type Ref, type Xml } from "./xml";

const pageSize = 500;

/** Events of an entity and all below it since an instant, in order. Reads a collector of its own to its end. */
export async function readEvents(session: Session, entity: Ref, since: Date, signal?: AbortSignal): Promise<VcEvent[]> {
  const filter = element("filter", [
    element("entity", [refElement("entity", entity), element("recursion", "all")]),
    element("time", [element("beginTime", since.toISOString())]),
  ]);
  const manager = session.service.eventManager;
  const created = await session.read("CreateCollectorForEvents", manager, [filter], { signal });
  const collector = ref(at(created, "returnval"));
  if (collector === undefined) return [];
  try {
    const events: VcEvent[] = [];
    for (;;) {
      const maxCount = element("maxCount", pageSize.toString());
      const page = children(await session.call("ReadNextEvents", collector, [maxCount], { signal }), "returnval");
      if (page.length === 0) return events.sort(byTime);
      events.push(...page.map(toEvent));
    }
  } finally {
    // vCenter keeps few collectors a session; one that cannot be destroyed goes with the session.
    await session.call("DestroyCollector", collector).catch(() => undefined);
  }
}

function byTime(a: VcEvent, b: VcEvent): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || a.key - b.key;
}

export function toEvent(event: Xml): VcEvent {
  return {
    key: integer(at(event, "key")) ?? 0,
    createdAt: new Date(text(at(event, "createdTime")) ?? 0),
    type: text(at(event, "eventTypeId")) ?? xsiType(event) ?? "Event",
    message: textAt(event, "fullFormattedMessage").trim(),
    hostId: text(at(event, "host", "host")),
    vmId: text(at(event, "vm", "vm")),
  };
}
