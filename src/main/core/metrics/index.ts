export { type MachineMetricsOptions, openMachineMetrics, samplesKept } from './machine-metrics.ts'
export { type MachineSensors, systemSensors } from './machine-sensors.ts'
