package vc

import "github.com/vmware/govmomi/vim25/types"

// clusterDefaults are the settings of a cluster nobody has configured: the vSphere Web Services API reference for
// ClusterDasConfigInfo, ClusterDrsConfigInfo and their parts, and vSphere Availability for the numbers.
func clusterDefaults() *types.ClusterConfigInfoEx {
	yes, no := types.NewBool(true), types.NewBool(false)
	return &types.ClusterConfigInfoEx{
		ComputeResourceConfigInfo: types.ComputeResourceConfigInfo{
			VmSwapPlacement: string(types.VirtualMachineConfigInfoSwapPlacementTypeVmDirectory), SpbmEnabled: no,
		},
		DasConfig: types.ClusterDasConfigInfo{
			Enabled: no, HostMonitoring: "enabled", VmMonitoring: "vmMonitoringDisabled", VmComponentProtecting: "disabled",
			FailoverLevel: 1, AdmissionControlEnabled: yes, HBDatastoreCandidatePolicy: "allFeasibleDsWithUserPreference",
			AdmissionControlPolicy: &types.ClusterFailoverResourcesAdmissionControlPolicy{
				ClusterDasAdmissionControlPolicy: types.ClusterDasAdmissionControlPolicy{ResourceReductionToToleratePercent: types.NewInt32(100)},
				CpuFailoverResourcesPercent:      0, MemoryFailoverResourcesPercent: 0, FailoverLevel: 1, AutoComputePercentages: yes,
			},
			DefaultVmSettings: &types.ClusterDasVmSettings{
				RestartPriority: "medium", RestartPriorityTimeout: 600, IsolationResponse: "none",
				VmToolsMonitoringSettings: &types.ClusterVmToolsMonitoringSettings{
					Enabled: no, VmMonitoring: "vmMonitoringDisabled", ClusterSettings: yes,
					FailureInterval: 30, MinUpTime: 120, MaxFailures: 3, MaxFailureWindow: -1,
				},
				VmComponentProtectionSettings: &types.ClusterVmComponentProtectionSettings{
					VmStorageProtectionForAPD: "disabled", EnableAPDTimeoutForHosts: no, VmTerminateDelayForAPDSec: 180,
					VmReactionOnAPDCleared: "none", VmStorageProtectionForPDL: "disabled",
				},
			},
		},
		DrsConfig: types.ClusterDrsConfigInfo{
			Enabled: no, EnableVmBehaviorOverrides: yes, DefaultVmBehavior: types.DrsBehaviorFullyAutomated, VmotionRate: 3,
			ScaleDescendantsShares: string(types.ResourceConfigSpecScaleSharesBehaviorDisabled),
		},
		DpmConfigInfo:       &types.ClusterDpmConfigInfo{Enabled: no, DefaultDpmBehavior: types.DpmBehaviorAutomated, HostPowerActionRate: 3},
		ProactiveDrsConfig:  &types.ClusterProactiveDrsConfigInfo{Enabled: no},
		InfraUpdateHaConfig: &types.ClusterInfraUpdateHaConfigInfo{Enabled: no, Behavior: "Manual", ModerateRemediation: "QuarantineMode", SevereRemediation: "QuarantineMode"},
		Orchestration:       &types.ClusterOrchestrationInfo{DefaultVmReadiness: &types.ClusterVmReadiness{ReadyCondition: "none"}},
		VsanConfigInfo:      &types.VsanClusterConfigInfo{Enabled: no, DefaultConfig: &types.VsanClusterConfigInfoHostDefaultInfo{}},
		SystemVMsConfig:     &types.ClusterSystemVMsConfigInfo{DeploymentMode: "SYSTEM_MANAGED"},
	}
}
