//! How the time of a check grows with the spec: 100, 1 000 and 10 000 data classes.

#[path = "../tests/support/estate.rs"]
mod estate;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use drlang::base::world::Memory;
use drlang::driver::{Options, compile};
use std::hint::black_box;
use std::time::Duration;

fn check(c: &mut Criterion) {
    let mut group = c.benchmark_group("check");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    for data in [100, 1_000, 10_000] {
        let world = Memory([("main.dr".to_owned(), estate::spec(1, data).into_bytes())].into());
        group.throughput(Throughput::Elements(data));
        group.bench_with_input(BenchmarkId::from_parameter(data), &world, |b, world| {
            b.iter(|| compile(black_box(world), "main.dr", &Options::from(1_768_435_200)));
        });
    }
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
