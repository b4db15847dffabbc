import { createStore } from '../store';

/** Whether the last attempt to reach the server got any answer. */
export const reachable = createStore(true);
