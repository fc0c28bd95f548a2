export { type Dependencies, type DependenciesParts, openDependencies, type Reachability } from './dependencies.ts'
export { dependencyEvents } from './event-kinds.ts'
export { dependenciesSchema } from './tables.ts'
