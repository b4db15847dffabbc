declare module 'virtual:words/*' {
  import type { Entry } from './words';
  const entries: readonly (Entry | null)[];
  export default entries;
}
