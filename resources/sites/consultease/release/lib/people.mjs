// Who takes part in the sample: a dozen faculty members, forty students. All names are made up.

export const faculty = [
  { id: 'reyes', name: 'Prof. Maria Reyes', department: 'Computer Science', room: 'B-201' },
  { id: 'santos', name: 'Dr. Jose Santos', department: 'Computer Science', room: 'B-202' },
  { id: 'cruz', name: 'Dr. Ana Cruz', department: 'Information Systems', room: 'B-203' },
  { id: 'bautista', name: 'Prof. Luis Bautista', department: 'Information Systems', room: 'B-204' },
  { id: 'garcia', name: 'Dr. Elena Garcia', department: 'Mathematics', room: 'C-101' },
  { id: 'mendoza', name: 'Prof. Ramon Mendoza', department: 'Mathematics', room: 'C-102' },
  { id: 'torres', name: 'Dr. Carla Torres', department: 'Physics', room: 'C-103' },
  { id: 'flores', name: 'Prof. Nilo Flores', department: 'Physics', room: 'C-104' },
  { id: 'ramos', name: 'Dr. Irene Ramos', department: 'Electronics', room: 'D-301' },
  { id: 'aquino', name: 'Prof. Victor Aquino', department: 'Electronics', room: 'D-302' },
  { id: 'navarro', name: 'Dr. Paz Navarro', department: 'Statistics', room: 'D-303' },
  { id: 'castillo', name: 'Prof. Dante Castillo', department: 'Statistics', room: 'D-304' },
]

const givenNames = ['Alon', 'Bea', 'Carlo', 'Dalia', 'Efren', 'Faye', 'Gino', 'Hana', 'Ivan', 'Joy']
const familyNames = ['Abad', 'Dizon', 'Lim', 'Ocampo']
const programmes = ['BS Computer Science', 'BS Information Systems', 'BS Mathematics', 'BS Physics']

export const students = familyNames.flatMap((family, f) =>
  givenNames.map((given, g) => ({
    id: `s${String(f * givenNames.length + g + 1).padStart(3, '0')}`,
    name: `${given} ${family}`,
    programme: programmes[(f + g) % programmes.length],
  })),
)

export const topics = [
  'Thesis outline',
  'Grade of the midterm',
  'Laboratory report',
  'Choice of electives',
  'Internship papers',
  'Problem set 4',
  'Recommendation letter',
  'Missed quiz',
]
