export const apiVersion = 1; export function mount() {}
