/**
 * Advanced settings that close what a guest or its console could do to a host, as the vSphere Security Configuration
 * Guide 8 suggests them. vCenter's own defaults are mostly the same; stated, they are seen and stay so.
 */
export const vmHardening: Readonly<Record<string, string>> = {
  "isolation.tools.copy.disable": "TRUE",
  "isolation.tools.paste.disable": "TRUE",
  "isolation.tools.dnd.disable": "TRUE",
  "isolation.tools.setGUIOptions.enable": "FALSE",
  "isolation.tools.diskShrink.disable": "TRUE",
  "isolation.tools.diskWiper.disable": "TRUE",
  "isolation.device.connectable.disable": "TRUE",
  "RemoteDisplay.maxConnections": "1",
  "log.rotateSize": "2048000",
  "log.keepOld": "10",
};
