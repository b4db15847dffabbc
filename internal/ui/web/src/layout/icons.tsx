import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      width="16"
      height="16"
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

export const GripIcon = () => (
  <Icon>
    <path strokeWidth="2.2" d="M6 3.500v.01M10 3.500v.01M6 8v.01M10 8v.01M6 12.500v.01M10 12.500v.01" />
  </Icon>
);

export const HideIcon = () => (
  <Icon>
    <path d="M2 2l12 12M6.500 3.700A7 7 0 0 1 8 3.500c3.200 0 5.400 2.200 6.500 4.500a9 9 0 0 1-1.700 2.400M4.300 4.800A8.500 8.500 0 0 0 1.500 8c1.100 2.300 3.300 4.500 6.500 4.500a7 7 0 0 0 3-.7M6.700 6.700a1.900 1.900 0 0 0 2.600 2.600" />
  </Icon>
);

const turns = { left: 'M10 3 5 8l5 5', right: 'm6 3 5 5-5 5' };

export const ChevronIcon = ({ to }: { to: keyof typeof turns }) => (
  <Icon>
    <path d={turns[to]} />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M3 8h10M8 3v10" />
  </Icon>
);

export const MinusIcon = () => (
  <Icon>
    <path d="M3 8h10" />
  </Icon>
);
