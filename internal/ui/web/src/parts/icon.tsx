import type { ReactNode } from 'react';

/** A line drawing of 16 units. */
export function Icon({ children, size = 16 }: { children: ReactNode; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const AlertIcon = () => (
  <Icon>
    <path d="M8 1.750 15 14H1zM8 6.250v3.500M8 11.900v.1" />
  </Icon>
);

export const InfoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.500" />
    <path d="M8 7.250v4M8 4.700v.1" />
  </Icon>
);
