let pending = false;

/** Notes that the person went to another page of this document. */
export function departed(): void {
  pending = true;
}

/** Whether a navigation awaits its new page; asking settles it. */
export function arrived(): boolean {
  const was = pending;
  pending = false;
  return was;
}
