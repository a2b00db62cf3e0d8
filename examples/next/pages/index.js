export async function getServerSideProps({ query }) {
  return { props: { name: query.name || 'Next.js', at: new Date().toISOString() } };
}

export default function Page({ name, at }) {
  return (
    <main>
      <h1>Hello from {name}</h1>
      <p>Rendered at {at}</p>
    </main>
  );
}
