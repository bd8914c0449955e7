// The list with `@membranehq/react`.

import * as kit from '@membranehq/react'

import { show } from './list.jsx'

const parts = { kit, Provider: kit.MembraneProvider, useClient: kit.useMembrane, Item: kit.IntegrationItem }
window.show = (element, what) => show(parts, element, what)
