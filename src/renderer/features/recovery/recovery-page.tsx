import { useNavigate, useParams } from 'react-router'
import { PageFrame } from '../../components/page-frame.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { AttemptsPanel } from './attempts-panel.tsx'
import { PoliciesPanel } from './policies-panel.tsx'
import { PolicyDrawer } from './policy-drawer.tsx'
import styles from './recovery.module.css'

/** What the console does by itself about trouble that restarts do not cure, and everything that it has done. */
export default function RecoveryPage() {
  const { id } = useParams()
  const navigate = useNavigate()
  return (
    <PageFrame
      title="Recovery"
      note={<ZoneNote />}
      drawer={id !== undefined && <PolicyDrawer id={id} onClose={() => void navigate('/recovery')} />}
    >
      <div className={styles.sections}>
        <PoliciesPanel selected={id} onSelect={(policy) => void navigate(`/recovery/${policy}`)} />
        <AttemptsPanel />
      </div>
    </PageFrame>
  )
}
