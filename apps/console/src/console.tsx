import { createTheme, MantineProvider, type CSSVariablesResolver } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Refused } from './api/client.js';
import { createConsoleRouter, loadCodeOfPage } from './routes.js';

const theme = createTheme({
  primaryColor: 'teal',
  // Dark enough for white text on it, and for text of this color on white (WCAG 2.2, 1.4.3).
  primaryShade: { light: 9, dark: 9 },
  autoContrast: true,
  cursorType: 'pointer',
  components: {
    Modal: { defaultProps: { transitionProps: { duration: 0 } } },
    // A table wider than the screen is scrolled by the keyboard, too.
    TableScrollContainer: { defaultProps: { scrollAreaProps: { viewportProps: { tabIndex: 0 } } } },
  },
});

/** Quiet text and text on a tint of its color, readable in both themes. */
const readable: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': colors.gray[7],
    '--mantine-color-placeholder': colors.gray[7],
    '--mantine-color-teal-light-color': '#065f46',
    '--mantine-color-red-light-color': colors.red[9],
    '--mantine-color-gray-light-color': colors.gray[8],
    '--mantine-color-blue-light-color': colors.blue[9],
    '--mantine-color-orange-light-color': '#a33600',
  },
  dark: {
    '--mantine-color-dimmed': colors.dark[1],
    '--mantine-color-placeholder': colors.dark[1],
    '--mantine-color-anchor': colors.teal[4],
  },
});

/** A refusal is an answer, so it is not asked for again. */
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && !(error instanceof Refused && error.problem.status < 500),
      staleTime: 5_000,
    },
  },
});

const router = createConsoleRouter(queries);
export const loadPage = (): void => loadCodeOfPage(router);

export const Console = () => (
  <MantineProvider theme={theme} defaultColorScheme="auto" cssVariablesResolver={readable}>
    <Notifications position="bottom-center" />
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>
);

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
