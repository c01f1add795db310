"""The same iteration as `imgconv distill` in PyTorch: backward distillation with gamma(t) = t,
k = 4 teacher evaluations with w = 1.5, N of 1, 2, 3, AdamW, a moving average.

    reference.py UNET_FOLDER ITERATIONS BATCH
"""

import resource
import sys
import time

import torch
from diffusers import UNet2DModel

folder, iterations, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(0)
teacher = UNet2DModel.from_pretrained(folder).eval().requires_grad_(False)
student = UNet2DModel.from_pretrained(folder).train()
average = {name: value.clone() for name, value in student.state_dict().items()}
betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
signal = torch.cumprod(1 - betas, 0)
optimizer = torch.optim.AdamW(student.parameters(), lr=2e-4, betas=(0.9, 0.99))


def weights(timestep):
    return signal[timestep] ** 0.5, (1 - signal[timestep]) ** 0.5


def predict(model, image, timestep, labels):
    times = torch.full((len(image),), timestep, dtype=torch.long)
    return model(image, times, class_labels=labels).sample


def clean(image, noise, timestep):
    alpha, sigma = weights(timestep)
    return (image - sigma * noise) / alpha


def noised(image, noise, timestep):
    alpha, sigma = weights(timestep)
    return alpha * image + sigma * noise


@torch.no_grad()
def target(image, timestep, labels, evaluations=4, scale=1.5):
    both = torch.cat([labels, torch.full_like(labels, 10)])
    for index in range(evaluations):
        here = round(timestep * (evaluations - index) / evaluations)
        given, free = predict(teacher, torch.cat([image, image]), here, both).chunk(2)
        noise = free + scale * (given - free)
        estimate = clean(image, noise, here)
        if index + 1 < evaluations:
            there = round(timestep * (evaluations - index - 1) / evaluations)
            image = noised(estimate, noise, there)
    return estimate


def iterate():
    steps = int(torch.randint(1, 4, ()))
    place = int(torch.randint(0, steps, ()))
    grid = [round(999 * (steps - index) / steps) for index in range(steps)]
    labels = torch.randint(0, 10, (batch,))
    image = torch.randn(batch, 1, 16, 16)
    with torch.no_grad():
        for index in range(place):
            noise = predict(student, image, grid[index], labels)
            estimate = clean(image, noise, grid[index])
            image = noised(estimate, noise, grid[index + 1])
    timestep = grid[place]
    estimate = clean(image, predict(student, image, timestep, labels), timestep)
    loss = ((estimate - target(image, timestep, labels)) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        for name, value in student.state_dict().items():
            average[name].mul_(0.995).add_(value, alpha=0.005)


for _ in range(3):
    iterate()
start = time.time()
for _ in range(iterations):
    iterate()
seconds = (time.time() - start) / iterations
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(f"PyTorch {torch.__version__}: {seconds:.3f} s an iteration, peak memory {memory:.0f} MB")
