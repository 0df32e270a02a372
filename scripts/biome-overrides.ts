import { packageParts, packages, rooms, type Wall, walls } from './walls.ts'

/** The walls as Biome has them: an override each. @param roots the files of `src` itself. */
export function biomeOverrides(roots: readonly string[]): readonly object[] {
  return walls.map((wall) => ({
    includes: wall.files,
    linter: {
      rules: { style: { noRestrictedImports: { level: 'error', options: optionsOf(wall, roots) } } },
    },
  }))
}

function optionsOf(wall: Wall, roots: readonly string[]): object {
  const shut = ([name]: [string, string]) => !(wall.doors ?? []).includes(name)
  const parts = Object.entries(packageParts).filter(shut)
  return {
    paths: Object.fromEntries(Object.entries(packages).filter(shut)),
    patterns: [...placesOf(wall, roots), ...parts.map(([group, message]) => ({ group: [group], message }))],
  }
}

function placesOf({ files, may, not, own = [] }: Wall, roots: readonly string[]): readonly object[] {
  const room = files[0]?.split('/')[1]?.replace('.ts', '') ?? ''
  const banned = may === 'all' ? [] : rooms.filter((other) => other !== room && !may.includes(other))
  const above = may === 'all' ? [] : roots.filter((name) => !own.includes(name))
  return [
    {
      group: banned.map((other) => `**/${other}/**`),
      message: `${room} may not look into that room; see "Who may import whom" in the README`,
    },
    {
      group: above.map((name) => `**/${name}`),
      message: 'the composition root imports the rooms, never the other way round',
    },
    { group: not?.[0] ?? [], message: not?.[1] ?? '' },
  ].filter(({ group }) => group.length > 0)
}
